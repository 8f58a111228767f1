export * from './add.js'
export { default as rates } from './rates.json'
