import { defineSource } from '../../engine/define.ts'
import { sflowSchema } from './config.ts'
import { openSflow } from './source.ts'

export const sflow = defineSource(sflowSchema, { thread: 'ingest', build: openSflow })
