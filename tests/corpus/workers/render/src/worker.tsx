/** @jsxRuntime automatic */
/** @jsxImportSource react */
import { createContext, useContext } from 'react'
import { renderToReadableStream } from 'react-dom/server'
import { env } from 'cloudflare:workers'

const Language = createContext('en')
const words: Record<string, string> = { en: 'Hello', de: 'Hallo' }

function Greeting({ name }: { name: string }) {
	return <p lang={useContext(Language)}>{words[useContext(Language)]}, {name}!</p>
}

export default {
	async fetch(request: Request) {
		const url = new URL(request.url)
		const stream = await renderToReadableStream(
			<Language.Provider value={url.searchParams.get('lang') ?? 'en'}>
				<h1>{env.TITLE as string}</h1>
				<Greeting name={url.searchParams.get('name') ?? 'you'} />
			</Language.Provider>,
		)
		return new Response(stream, { headers: { 'content-type': 'text/html' } })
	},
}
