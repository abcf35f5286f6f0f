import { afterAll, beforeAll } from 'vitest'
import { configFrom } from '../../schema/index.ts'
import { asking, eventsOf } from '../../../test/conformance/asking.ts'
import { sourceConformance } from '../../../test/conformance/source.ts'
import type { NewUnit } from '../../../test/conformance/test-journal.ts'
import { CtsServer, type CtsProject } from '../../../test/kit/cts.ts'
import { otcCtsSchema } from './config.ts'
import { source as otcCts } from './source.ts'

const server = new CtsServer()
beforeAll(() => server.start())
afterAll(() => server.stop())

let named = 0
let happened = Date.now() - 60_000
let project: CtsProject
/** What the journal has of the source. */
let units: NewUnit[] = []

sourceConformance(
  'otc-cts',
  {
    redelivers: true,
    order: 'as received',
    numbersIn: (unit) => eventsOf(unit).map(({ id }) => Number(id)),
    async build(given, address) {
      if (given.epoch === 1 && address === undefined) [project, units] = [server.project(`eu-de_${++named}`), []]
      const { context, synced, malformed, close } = asking(given, units)
      const source = await otcCts.build(
        configFrom(otcCtsSchema, {
          iam: `${server.url}/v3`,
          auth: {
            type: 'password',
            user: server.user.name,
            domain: server.domain.name,
            password: server.user.password,
          },
          projects: [{ id: project.id, region: 'eu-de' }],
          every: '1s',
        }),
        context,
      )
      return {
        source,
        close,
        send(numbers) {
          server.put(
            project,
            numbers.map((number) => ({ trace_id: String(number), time: ++happened, trace_name: 'test' })),
          )
          return synced(numbers.map(String))
        },
        sendMalformed() {
          server.put(project, ['no trace of any kind'])
          return malformed()
        },
      }
    },
  },
  { system: 'otc-cts', server: 'server of its API', ours: true },
)
