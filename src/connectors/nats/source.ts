import { messageSource } from '../../messaging/message-source.ts'
import { defineSource } from '../../engine/define.ts'
import { JetStreamPuller } from './client-pull.ts'
import type { natsSourceSchema } from './config.ts'
import { probeSourceStream } from './client-source-probe.ts'

export const source = defineSource<typeof natsSourceSchema>('nats', {
  build: (config, context) => Promise.resolve(messageSource(config, context, new JetStreamPuller(config, context))),
  probe: probeSourceStream,
})
