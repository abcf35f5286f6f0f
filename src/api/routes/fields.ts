import type { FastifyInstance } from 'fastify'
import type { StoreReader } from '../../engine/control.ts'
import { flowFields, registryVersion } from '../../model/fields.ts'
import { answerJson } from '../answer.ts'
import type { ApiContext } from '../options.ts'
import { everyView } from '../views.ts'
import type { ViewColumn } from '../views.ts'

const column = {
  type: 'object', required: ['name', 'type', 'meaning'], properties: {
    name: { type: 'string' }, type: { type: 'string', description: 'Type in SQL.' }, unit: { type: 'string', description: 'UCUM.' },
    otel: { type: 'string', description: 'Name in OpenTelemetry’s conventions.' }, meaning: { type: 'string' },
  },
} as const

export const fieldSchemas = {
  Fields: {
    type: 'object', required: ['version', 'fields', 'views'], properties: {
      version: { type: 'integer', description: 'Rises when fields are added; none is ever removed or changes its type.' },
      fields: { type: 'array', items: { type: 'object' }, description: 'What a flow can carry.' },
      views: { type: 'object', additionalProperties: { type: 'array', items: column } },
    },
  },
} as const

/** What each store said of its views. */
const described = new WeakMap<StoreReader, Map<string, readonly ViewColumn[]>>()

export function fieldRoutes(app: FastifyInstance, { control, log }: ApiContext): void {
  app.get('/api/v1/fields', {
    schema: { operationId: 'fields', summary: 'The field registry and the columns of the views', response: { 200: { $ref: 'Fields#' } } },
  }, async (request, reply) => {
    const columns: Record<string, readonly ViewColumn[]> = { ...everyView }
    const { store } = control
    for (const [view, known] of Object.entries(everyView)) {
      try {
        // A view never changes while the store is open.
        const said = store === undefined ? undefined : (described.get(store)?.get(view) ?? (await describe(store, view, known)))
        if (store === undefined || said === undefined) continue
        columns[view] = said
        described.set(store, (described.get(store) ?? new Map<string, readonly ViewColumn[]>()).set(view, said))
      } catch (error) {
        log.warn('The store did not describe a view; its columns are given as this version knows them.', { view, error })
      }
    }
    return answerJson(request, reply, { version: registryVersion, fields: flowFields, views: columns })
  })
}

/** The store itself says which columns a view has; what they mean is known here. */
async function describe(store: StoreReader, view: string, known: readonly ViewColumn[]): Promise<ViewColumn[] | undefined> {
  const pieces: Uint8Array[] = []
  for await (const piece of await store.query(`DESCRIBE ${view}`, 'json', new AbortController().signal)) pieces.push(piece)
  const rows = JSON.parse(Buffer.concat(pieces).toString()) as readonly { column_name?: string; column_type?: string }[]
  if (rows.length === 0 || rows[0]?.column_name === undefined) return undefined
  return rows.map(({ column_name: name = '', column_type: type = '' }) => {
    const field = known.find((one) => one.name === name) ?? flowFields.find((one) => one.name === name)
    return { meaning: '', ...(field === undefined ? {} : meaningOf(field)), name, type }
  })
}

function meaningOf(field: { readonly meaning: string; readonly unit?: string; readonly otel?: string }): Pick<ViewColumn, 'meaning' | 'unit' | 'otel'> {
  const { meaning, unit, otel } = field
  return { meaning, ...(unit === undefined ? {} : { unit }), ...(otel === undefined ? {} : { otel }) }
}
