"use strict";
const path = require("path");
const util = require("node:util");

exports.describe = function (name) {
  return { file: path.join(__dirname, name), base: path.basename(__filename), text: util.format("%s-%d", name, 4) };
};
