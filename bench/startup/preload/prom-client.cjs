require('prom-client');
