/** @jsxImportSource npm:react@19 */
import { renderToStaticMarkup } from 'react-dom/server'
import { Page } from '@acme/ui'
import { Button } from '@acme/ui/button'
import { settings } from '@acme/settings'

Deno.serve(() => new Response(renderToStaticMarkup(<Page><Button label={settings.name} /></Page>)))
