import { messageOf } from '../../model/errors.ts'
import type { Texts } from './attributes.ts'

/** Attributes of a resource or scope, or the reason why its rows cannot be stored. */
export function attributesOrFault(read: () => Texts): Texts | string {
  try {
    return read()
  } catch (error) {
    return messageOf(error)
  }
}

export function unreadable(what: 'resource' | 'scope' | 'metric'): never {
  throw new Error(`its ${what} cannot be read: a text is no valid UTF-8, or it has too many values`)
}
