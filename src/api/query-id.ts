import type { FastifyInstance } from 'fastify'
import type { Random } from '../host/index.ts'

export const queryIdHeader = 'x-query-id'

export function assignQueryIds(app: FastifyInstance, random: Random): void {
  const process = Buffer.from(random.bytes(4)).toString('hex')
  let count = 0
  app.addHook('onRequest', ({ url }, reply, done) => {
    // Files of the console are no queries.
    if (!url.startsWith('/assets/')) reply.header(queryIdHeader, `${process}-${(++count).toString(36)}`)
    done()
  })
}
