// The other end of a database connection: as much of PostgreSQL's protocol as a driver needs to connect and to ask.
import { Buffer } from 'node:buffer'
import { Duplex } from 'node:stream'

interface Column {
  name: string
  value: string
}

const text = (value: string) => Buffer.from(`${value}\0`)
const int16 = (value: number) => Buffer.from([value >> 8, value & 255])
const int32 = (value: number) => Buffer.from([value >> 24, value >> 16, value >> 8, value])

function message(type: string, ...parts: Buffer[]) {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body])
}

const ready = message('Z', Buffer.from('I'))

/** `answer` gives the only row for a query, or null: an error. */
export function fakePostgres(answer: (query: string) => Column[] | null) {
  let connections = 0

  function connect() {
    connections++
    let received = Buffer.alloc(0)
    let started = false
    let row: Column[] | null = []
    let query = ''

    const replies: Record<string, (body: Buffer) => Buffer[]> = {
      P(body) {
        query = body.subarray(body.indexOf(0) + 1, body.indexOf(0, body.indexOf(0) + 1)).toString()
        row = answer(query)
        if (row) return [message('1')]
        return [message('E', text('SERROR'), text('VERROR'), text('C22023'), text('Mit failed'), Buffer.from([0]))]
      },
      D() {
        if (!row) return []
        const parameters = query.match(/\$\d/g)?.length ?? 0
        const fields = row.flatMap(({ name }) => [text(name), int32(0), int16(0), int32(25), int16(65535), int32(-1), int16(0)])
        return [
          message('t', int16(parameters), ...Array(parameters).fill(int32(25))),
          message('T', int16(row.length), ...fields),
        ]
      },
      B: () => (row ? [message('2')] : []),
      E: () =>
        row
          ? [message('D', int16(row.length), ...row.flatMap(({ value }) => [int32(value.length), Buffer.from(value)])), message('C', text('SELECT 1'))]
          : [],
      S: () => [ready],
    }

    function take(stream: Duplex) {
      while (received.length >= 5) {
        const header = started ? 1 : 0
        const length = received.readInt32BE(header)
        if (received.length < header + length) return
        const type = String.fromCharCode(received[0])
        const body = received.subarray(5, header + length)
        received = received.subarray(header + length)
        if (!started) {
          started = true
          stream.push(Buffer.concat([message('R', int32(0)), message('S', text('server_version'), text('16.0')), ready]))
          continue
        }
        for (const reply of replies[type]?.(body) ?? []) stream.push(reply)
      }
    }

    return new Duplex({
      read() {},
      write(chunk, _encoding, done) {
        received = Buffer.concat([received, chunk])
        // A server never answers before the bytes have left.
        setTimeout(() => {
          take(this)
          done()
        })
      },
    })
  }

  return { connect, connections: () => connections }
}
