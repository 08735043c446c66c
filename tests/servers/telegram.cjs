// Runs the Telegram Bot API simulator: telegram.cjs PACKAGES PORT
"use strict";

const [, , packages, port] = process.argv;
const Simulator = require(`${packages}/telegram-test-api`);
new Simulator({ host: "127.0.0.1", port: Number(port), storage: "RAM", storeTimeout: 3600 }).start();
