import type { FastifyInstance } from 'fastify'
import type { Random } from '../host/index.ts'

/** Header of every answer: names the question in the program log and in whatever a user reports. */
export const queryIdHeader = 'x-query-id'

/** Gives every request an id: unique within the process, hardly ever the same in two. */
export function giveQueryIds(app: FastifyInstance, random: Random): void {
  const process = Buffer.from(random.bytes(4)).toString('hex')
  let count = 0
  app.addHook('onRequest', (_request, reply, done) => {
    reply.header(queryIdHeader, `${process}-${(++count).toString(36)}`)
    done()
  })
}
