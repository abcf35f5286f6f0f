import { defineSource } from '../../engine/define.ts'
import type { netflowSchema } from './config.ts'
import { openNetflow } from './source.ts'

export const netflow = defineSource<typeof netflowSchema>('netflow', { thread: 'ingest', build: openNetflow })
