import { defineSink } from '../../engine/define.ts'
import type { fileSchema, stdoutSchema } from './config.ts'
import { openStdout } from './sink-stdout.ts'
import { openFile } from './sink.ts'

export const file = defineSink<typeof fileSchema>('file', { accepts: ['events', 'flows'], idempotency: 'none', build: openFile })
export const stdout = defineSink<typeof stdoutSchema>('stdout', { accepts: ['events', 'flows'], idempotency: 'none', build: openStdout })
