import { inject } from 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    /** Use all seeds; set by the configuration. */
    readonly thorough: boolean
  }
}

/** Seeds of a random test: 1 to `few` in `npm test`, 1 to `all` in `npm run test:real`. */
export function seeds(few: number, all: number): number[] {
  return Array.from({ length: inject('thorough') ? all : few }, (_, index) => index + 1)
}
