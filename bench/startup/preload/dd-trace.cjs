require('dd-trace/init');
