import { codecOf } from '../../state/codec.ts'
import { text } from '../../state/parts.ts'

export interface HomeState {
  /** Name of the exporter, or of another kind of sender, whose setup is shown. */
  readonly how: string
  /** Address of this server as exporters see it; empty: as the server thinks. */
  readonly collector: string
}

export const homeCodec = codecOf<HomeState>({ how: text('softflowd'), collector: text() })
