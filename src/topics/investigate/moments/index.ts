import { operation } from '../../operation.ts'
import type { Around } from './read.ts'
import { Moments, MomentsParameters } from './schema.ts'

export const moments = operation({
  id: 'compareMoments',
  summary: 'Two times of a workload, actor, address, image, account or resource compared',
  description:
    'Its fields, relations, images and their problems at both times, the traffic before them, and the costs of ' +
    'their days.',
  parameters: MomentsParameters,
  result: Moments,
  refuses: ['WEIR_API_NOT_FOUND'],
  async run(query, around: Around) {
    const { readMoments } = await import('./read.ts')
    return readMoments(query, around)
  },
})
