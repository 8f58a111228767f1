'use strict'

const express = require('express')
const orders = require('./routes/orders')

const app = express()

app.disable('x-powered-by')
app.use(express.json())
app.use('/legacy/orders', orders)
app.get('/legacy/files', (request, response) => response.json({ dir: __dirname, file: __filename, main: typeof require }))
app.get('/legacy/fail', () => {
  throw new Error('broken route')
})
app.use((error, request, response, next) => {
  response.status(error.status || 500).json({ error: error.message })
})

app.listen(process.env.PORT || 3000, () => console.log('legacy is up'))
