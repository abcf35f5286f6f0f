import type { FastifyInstance } from 'fastify'
import { change, changeGaps, changes, changeSums } from '../../topics/changes/index.ts'
import type { ApiContext } from '../options.ts'
import { serve } from '../serve.ts'

export const changeSchemas = {
  ChangePage: changes.result,
  Change: change.result,
  ChangeSums: changeSums.result,
  ChangeGaps: changeGaps.result,
} as const

export function changeRoutes(app: FastifyInstance, context: ApiContext): void {
  serve(app, { context, url: '/api/v1/changes' }, changes)
  serve(app, { context, url: '/api/v1/changes/one' }, change)
  serve(app, { context, url: '/api/v1/changes/sums' }, changeSums, () => ({ instance: context }))
  serve(app, { context, url: '/api/v1/changes/gaps' }, changeGaps)
}
