import 'node:process'
import { register, route } from './decorators'

class Controller {
  @route('GET', '/list')
  list() {
    return ['a', 'b']
  }

  @route('POST', '/add')
  add(body: string) {
    return { added: body }
  }
}

export default register(new Controller())
