import type { FastifyInstance } from 'fastify'
import { messageOf } from '../../model/errors.ts'
import { isRecord } from '../../model/json.ts'
import { answerJson } from '../answer.ts'
import { list, object, string } from '../json-schema.ts'
import type { ApiContext } from '../options.ts'

export const dashboardSchemas = {
  Dashboards: object(
    {
      dashboards: list(
        object(
          {
            file: string,
            json: { type: 'string', description: 'The dashboard, as the console exports it.' },
            error: { type: 'string', description: 'Why the file is no dashboard.' },
          },
          { required: ['file'] },
        ),
      ),
    },
    { required: ['dashboards'] },
  ),
} as const

type Provided = Readonly<{ file: string; json?: string; error?: string }>

const maxFiles = 100
const maxBytes = 256 * 1024

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
      return answerJson(request, reply, { dashboards: path === undefined ? [] : await provided(host, path) })
    },
  )
}

async function provided({ disk }: ApiContext['host'], folder: string): Promise<readonly Provided[]> {
  if ((await disk.stat(folder))?.directory !== true) return [{ file: folder, error: 'There is no such folder.' }]
  const names = (await disk.list(folder)).filter((name) => name.endsWith('.json')).toSorted()
  const read = names.slice(0, maxFiles).map(async (file): Promise<Provided> => {
    try {
      const size = (await disk.stat(`${folder}/${file}`))?.size ?? 0
      if (size > maxBytes) return { file, error: `The file is larger than ${maxBytes / 1024} KiB.` }
      const value: unknown = JSON.parse(Buffer.from(await disk.readFile(`${folder}/${file}`)).toString('utf8'))
      if (!isRecord(value) || !Array.isArray(value['panels'])) return { file, error: 'The file has no list `panels`.' }
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
