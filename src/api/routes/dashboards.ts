import type { FastifyInstance } from 'fastify'
import type { TSchema } from 'typebox'
import { messageOf } from '../../model/errors.ts'
import {
  DashboardFile,
  Dashboards,
  GrafanaImport,
  GrafanaImportRequest,
  maxPanels,
} from '../../topics/dashboards/schema.ts'
import { answerJson } from '../answer.ts'
import { problem } from '../openapi/json-schema.ts'
import { problemIn, type Schema } from '../request/check.ts'
import { typed } from '../request/typed.ts'
import type { ApiContext } from '../options.ts'

export const dashboardSchemas = { Dashboards, GrafanaImport } as const

type Provided = Dashboards['dashboards'][number]

/** Why a file is no dashboard, with the name of the wrong member; undefined: it is one. */
export function dashboardProblem(value: unknown): string | undefined {
  const problem = problemIn(value, DashboardFile as TSchema as Schema)
  if (problem !== undefined) return problem
  const { panels } = value as { panels: readonly unknown[] }
  return panels.length > maxPanels ? `"panels" has ${panels.length} panels; the limit is ${maxPanels}.` : undefined
}

const maxFiles = 100
const maxBytes = 256 * 1024

const importSchema = {
  operationId: 'importDashboard',
  summary: 'Convert a dashboard of Grafana',
  description:
    'Returns a dashboard of Weir, and the panels, variables and parts without an equal. Queries in PromQL and LogQL ' +
    'become panels of metrics and logs. Nothing is stored.',
  body: GrafanaImportRequest,
  response: { 200: { $ref: 'GrafanaImport#' }, 400: problem },
} as const

/** Files are read for each request, so that a changed one needs no reload. */
export function dashboardRoutes(app: FastifyInstance, { host }: ApiContext, folder?: () => string | undefined): void {
  app.get(
    '/api/v1/dashboards',
    {
      schema: {
        operationId: 'dashboards',
        summary: 'Dashboards from files',
        description:
          'The JSON files of the folder `dashboards` in the configuration, in the order of their names. Dashboards ' +
          'of users are saved views of the page `/dashboards`.',
        response: { 200: { $ref: 'Dashboards#' } },
      },
    },
    async (request, reply) => {
      const path = folder?.()
      const result: Dashboards = { dashboards: path === undefined ? [] : await provided(host, path) }
      return answerJson(request, reply, result)
    },
  )
  typed(app).post('/api/v1/dashboards/import', { schema: importSchema }, async (request, reply) => {
    // Loads the parsers of PromQL and LogQL.
    const { importGrafana } = await import('../../topics/dashboards/grafana/index.ts')
    return answerJson(request, reply, importGrafana(request.body.dashboard))
  })
}

async function provided({ disk }: ApiContext['host'], folder: string): Promise<readonly Provided[]> {
  if ((await disk.stat(folder))?.directory !== true) return [{ file: folder, error: 'There is no such folder.' }]
  const names = (await disk.list(folder)).filter((name) => name.endsWith('.json')).toSorted()
  const read = names.slice(0, maxFiles).map(async (file): Promise<Provided> => {
    try {
      const size = (await disk.stat(`${folder}/${file}`))?.size ?? 0
      if (size > maxBytes) return { file, error: `The file is larger than ${maxBytes / 1024} KiB.` }
      const value: unknown = JSON.parse(Buffer.from(await disk.readFile(`${folder}/${file}`)).toString('utf8'))
      const problem = dashboardProblem(value)
      if (problem !== undefined) return { file, error: problem }
      return { file, json: JSON.stringify(value) }
    } catch (error) {
      return { file, error: messageOf(error) }
    }
  })
  return [
    ...(await Promise.all(read)),
    ...(names.length > maxFiles ? [{ file: folder, error: `Only the first ${maxFiles} files are read.` }] : []),
  ]
}
