import type { BatchTransform, TransformTools } from '../../engine/contracts.ts'
import { choose } from '../rows/choose.ts'
import type { FilterConfig } from './config.ts'

export function filterStep({ where }: FilterConfig, tools: TransformTools): BatchTransform {
  const filter = tools.filter(where)
  return { take: (piece) => choose(piece, 'filtered', filter(piece.batch, piece.header)).transformed }
}
