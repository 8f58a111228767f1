/** @jsxImportSource npm:react@^19 */
import { renderToString } from 'react-dom/server'

const Label = ({ to, children }) => <svg viewBox='0 0 10 10'><text className='to'>{to}</text>{children}</svg>

export default async function (request) {
  const { to } = await request.json()
  return new Response(renderToString(<Label to={to}><g /></Label>), { headers: { 'content-type': 'image/svg+xml' } })
}
