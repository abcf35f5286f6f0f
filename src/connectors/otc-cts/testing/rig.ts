import { pollingHarness } from '../../../../test/conformance/polling-bench.ts'
import type { Rig } from '../../../../test/conformance/rig.ts'
import { CtsServer } from '../../../../test/kit/cts.ts'
import { configFrom } from '../../../schema/index.ts'
import { otcCtsSchema } from '../config.ts'
import { source } from '../source.ts'

const server = new CtsServer()
let named = 0
let happened = Date.now() - 60_000

export const rig: Rig = {
  open: () => server.start(),
  close: () => server.stop(),
  sources: [
    {
      name: 'otc-cts',
      harness: pollingHarness({
        target: () => server.project(`eu-de_${++named}`),
        build: (project, context) =>
          source.build(
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
          ),
        put: (project, numbers) =>
          server.put(
            project,
            numbers.map((number) => ({ trace_id: String(number), time: ++happened, trace_name: 'test' })),
          ),
        putMalformed: (project) => server.put(project, ['no trace of any kind']),
      }),
      against: { system: 'otc-cts', server: 'server of its API', standIn: true },
    },
  ],
}
