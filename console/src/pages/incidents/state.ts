import { incidentStates } from '../../api/incidents.ts'
import { codecOf } from '../../state/codec.ts'
import { flag, oneOf, text } from '../../state/parts.ts'

export type IncidentsState = Readonly<{
  /** ID of the open incident. */
  sel: string
  /** Empty: all. */
  state: '' | (typeof incidentStates)[number]
  edit: boolean
}>

export const incidentsCodec = codecOf<IncidentsState>({
  sel: text(),
  state: oneOf(['', ...incidentStates], ''),
  edit: flag('off'),
})
