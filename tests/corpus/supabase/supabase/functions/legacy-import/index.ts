import { nothing } from 'https://example.com/gone/mod.ts'
nothing()
