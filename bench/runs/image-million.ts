import { join } from 'node:path'
import type { AcceptanceContext, AcceptanceRun } from '../harness.ts'
import { startApi, type RunningApi } from '../../src/api/index.ts'
import { RecordingControl } from '../../src/api/testing/recording-control.ts'
import { recordingLog } from '../../src/store/testing/frames.ts'
import { measure } from '../../test/kit/query-api.ts'
import { storeReports, type Reports } from './image-million/reports.ts'

const [firstRowsLimit, whereLimit, maxRequests] = [500, 300, 20] as const

interface Body {
  readonly total?: number
  readonly packages?: readonly { readonly image: string; readonly name: string; readonly version: string }[]
  readonly problems?: readonly unknown[]
  readonly images?: readonly unknown[]
}

export default {
  name: 'image-million',
  issue: '27.4',
  title: 'A million packages and 200,000 problems: first rows within 500 ms, where a package is within 300 ms.',
  async run(context) {
    const reports = await storeReports(join(context.folder, 'store'), context.seed, context.size(2000, 40))
    const status = reports.store.status()
    context.figure('images', reports.images)
    context.figure('packages', reports.packages)
    context.figure('problems', reports.problems)
    context.figure('files', status.files)
    context.figure('stored', Math.round(status.bytes / (reports.packages + reports.problems)), 'bytes per row')
    context.figure('time to store them', Math.round(reports.seconds), 's')
    const control = new RecordingControl()
    control.readsFrom(reports.store)
    const api = await startApi({
      listen: { host: '127.0.0.1', port: 0 },
      auth: { tokens: [] },
      httpAuth: 'api',
      log: recordingLog(),
      host: reports.host,
      version: '0.0.0-bench',
      control,
    })
    try {
      await firstRows(context, api, reports)
      await places(context, api, reports)
    } finally {
      await api.close()
      await reports.store.close()
    }
  },
} satisfies AcceptanceRun

async function firstRows(context: AcceptanceContext, api: RunningApi, reports: Reports) {
  for (const [path, wanted, parameters] of [
    ['packages', reports.packages, {}],
    ['problems', reports.problems, {}],
    ['problems', undefined, { filter: 'severity = CRITICAL and exists(fixed_version) and pods > 0' }],
    ['images', reports.images, {}],
  ] as const) {
    const what = `first rows of ${path}${'filter' in parameters ? ', critical, fixable and running' : ''}`
    const requests = context.size(maxRequests, 4)
    const { p95, answers } = await measure<Body>(context, api, { what, path, requests }, () => parameters)
    const rows = answers[0]?.[path]?.length
    if (wanted !== undefined)
      context.expect(
        answers.every(({ total }) => total === wanted),
        `${what}: ${wanted} in total (${answers[0]?.total})`,
      )
    context.expect(rows === 100 || rows === answers[0]?.total, `${what}: a page of them (${rows})`)
    context.expectSpeed(p95 < firstRowsLimit, `${what}: within ${firstRowsLimit} ms`)
  }
}

async function places(context: AcceptanceContext, api: RunningApi, reports: Reports) {
  const known = [...reports.where.keys()]
  const searched = Array.from({ length: maxRequests + 1 }, (_, at) => known[(at * 7919) % known.length] ?? '')
  for (const [what, parametersOf] of [
    [
      'where a package of a version is',
      (key: string) => ({
        filter: `name = "${key.split(' ')[0]}" and version = "${key.split(' ')[1]}"`,
        limit: '1000',
      }),
    ],
    ['where a package is, in one box', (key: string) => ({ text: key, limit: '1000' })],
  ] as const) {
    const requests = context.size(maxRequests, 4)
    const { p95, answers } = await measure<Body>(context, api, { what, path: 'packages', requests }, (time) =>
      parametersOf(searched[time] ?? ''),
    )
    const wrong = answers.filter(({ packages = [] }, at) => {
      const key = searched[at] ?? ''
      const found = new Set(packages.filter((one) => `${one.name} ${one.version}` === key).map(({ image }) => image))
      const wanted = reports.where.get(key) ?? new Set()
      return packages.length < 1000 && (found.size !== wanted.size || [...found].some((image) => !wanted.has(image)))
    })
    context.expect(
      wrong.length === 0,
      `${what}: exactly the images with it (${wrong.length} of ${answers.length} wrong)`,
    )
    context.expectSpeed(p95 < whereLimit, `${what}: within ${whereLimit} ms`)
  }
}
