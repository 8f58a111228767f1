const { Router } = require('express')
const { randomBytes } = require('crypto')

const router = Router()
const orders = new Map()

router.post('/', (request, response) => {
  const id = randomBytes(4).toString('hex').length + orders.size
  orders.set(String(id), request.body)
  response.status(201).location(`/legacy/orders/${id}`).json({ id })
})
router.get('/:id', (request, response) => {
  const order = orders.get(request.params.id)
  if (order) response.json(order)
  else response.sendStatus(404)
})

module.exports = router
