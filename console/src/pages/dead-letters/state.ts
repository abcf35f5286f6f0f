import { codecOf } from '../../state/codec.ts'
import { flag, text } from '../../state/parts.ts'

export interface DeadLettersState {
  /** Of this sink only; empty: of all. */
  readonly sink: string
  /** The letter that is open: `<sink>/<id>`; empty: none. */
  readonly sel: string
  /** Is the open letter being edited? */
  readonly edit: boolean
}

export const deadLettersCodec = codecOf<DeadLettersState>({ sink: text(), sel: text(), edit: flag(false) })
