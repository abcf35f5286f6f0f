import { inject } from 'vitest'

/** `few`: `npm test`. `more`: `npm run test:real`. `all`: the same with WEIR_SEEDS=all. */
export type Draws = 'few' | 'more' | 'all'

declare module 'vitest' {
  interface ProvidedContext {
    /** Set by the configuration. */
    readonly draws: Draws
  }
}

/** Seeds of a random test, from 1 to {@link drawnSize}. */
export function seeds(few: number, all: number): number[] {
  return Array.from({ length: drawnSize(few, all) }, (_, index) => index + 1)
}

/** The size of a random test: `few`, at most three times as many, or `all`. */
export function drawnSize(few: number, all: number): number {
  return { few, more: Math.min(all, 3 * few), all }[inject('draws')]
}

/** Evenly spaced items of a random test's combinations: `few`, at most three times as many, or all. */
export function drawn<T>(items: readonly T[], few: number): readonly T[] {
  const size = drawnSize(few, items.length)
  return items.filter(
    (_, index) => Math.floor((index * size) / items.length) !== Math.floor(((index - 1) * size) / items.length),
  )
}
