// The database behind PostgREST, as far as these functions use it: answers what it was asked.
const books = [
  { id: 1, title: 'Walden', price: 1200 },
  { id: 2, title: 'Emma', price: 900 },
]

export async function fakeRest(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const request = new Request(input, init)
  const url = new URL(request.url)
  if (url.pathname === '/auth/v1/user') {
    const token = request.headers.get('authorization')
    return token === 'Bearer good'
      ? Response.json({ id: 'u-7', aud: 'authenticated', email: 'ann@example.com' })
      : Response.json({ code: 403, error_code: 'bad_jwt', msg: 'invalid JWT' }, { status: 403 })
  }
  if (url.pathname === '/rest/v1/books' && request.method === 'GET') {
    const id = url.searchParams.get('id')
    const rows = books.filter((book) => !id || `eq.${book.id}` === id)
    if (request.headers.get('accept')?.includes('pgrst.object')) {
      return rows.length === 1
        ? Response.json(rows[0])
        : Response.json({ code: 'PGRST116', message: 'no rows', details: null, hint: null }, { status: 406 })
    }
    return Response.json(rows, { headers: { 'content-range': `0-${rows.length - 1}/${rows.length}` } })
  }
  return Response.json({ asked: `${request.method} ${url.pathname}${decodeURIComponent(url.search)}`, body: await request.text() }, {
    status: request.method === 'POST' ? 201 : 200,
  })
}
