const { StatsD } = require('hot-shots');

new StatsD({ host: '127.0.0.1', port: 9 }).socket.unref?.();
