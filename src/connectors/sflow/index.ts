import { defineSource } from '../../engine/define.ts'
import type { sflowSchema } from './config.ts'
import { openSflow } from './source.ts'

export const sflow = defineSource<typeof sflowSchema>('sflow', { thread: 'ingest', build: openSflow })
