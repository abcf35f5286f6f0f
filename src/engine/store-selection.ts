import type { FrameHeader } from '../journal/types.ts'
import { takesFrom } from './delivery/route.ts'

export type StoreFrom = readonly string[] | undefined

type Choice = Readonly<{
  after: number
  from: StoreFrom
}>

/** More than the store can have left to read, or to repeat, after as many reloads. */
const maxChoices = 100

export class StoreSelection {
  #choices: Choice[]

  constructor(from: StoreFrom) {
    this.#choices = [{ after: 0, from }]
  }

  get from(): StoreFrom {
    return this.#choices.at(-1)?.from
  }

  change(from: StoreFrom, after: number): void {
    this.#choices = [...this.#choices, { after, from }].slice(-maxChoices)
  }

  takes({ source, sequence }: Pick<FrameHeader, 'source' | 'sequence'>): boolean {
    const choice = this.#choices.findLast(({ after }) => after < sequence) ?? this.#choices[0]
    return takesFrom(choice?.from, source)
  }
}
