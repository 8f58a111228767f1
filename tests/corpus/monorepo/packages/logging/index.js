const { inspect } = require('util')

let lines = 0

module.exports = {
  log(text, data) {
    lines++
    console.log(`[${text}] ${inspect(data)}`)
  },
  count: () => lines,
}
