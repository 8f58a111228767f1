import { settings } from '@acme/settings'
import { env } from './_env.js'
import { z } from 'zod'

Deno.serve(() => Response.json({ settings, name: z.string().parse(env('APP_NAME')), file: import.meta.filename }))
