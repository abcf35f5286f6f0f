import { defineSource } from '../../engine/define.ts'
import { lookAtTraces, verifyAccounts } from './client-look.ts'
import type { otcCtsSchema } from './config.ts'
import { openOtcCts } from './source.ts'

export const otcCts = defineSource<typeof otcCtsSchema>('otc-cts', { thread: 'watch', build: openOtcCts, probe: lookAtTraces, verify: verifyAccounts })
