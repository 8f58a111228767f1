import express, { Router } from 'express'

const app = express()
const router = Router()

app.use(express.urlencoded({ extended: true }))
router.post('/', (req, res) => res.type('html').send(`<p>${req.body.user.name} ${req.body.user.tags.join('+')}</p>`))
router.get('/stream', async (req, res) => {
  res.writeHead(200, { 'content-type': 'text/plain' })
  for (const part of ['a', 'b', 'c']) {
    res.write(part)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  res.end()
})
app.use('/forms', router)
app.listen(3001)
