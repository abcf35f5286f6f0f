import { defineSource } from '../../engine/define.ts'
import { netflowSchema } from './config.ts'
import { openNetflow } from './source.ts'

export const netflow = defineSource(netflowSchema, { thread: 'ingest', build: openNetflow })
