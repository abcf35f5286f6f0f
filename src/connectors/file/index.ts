import { defineSink } from '../../engine/define.ts'
import { fileSchema, stdoutSchema } from './config.ts'
import { openStdout } from './sink-stdout.ts'
import { openFile } from './sink.ts'

export const file = defineSink(fileSchema, { accepts: ['events', 'flows'], idempotency: 'none', build: openFile })
export const stdout = defineSink(stdoutSchema, { accepts: ['events', 'flows'], idempotency: 'none', build: openStdout })
