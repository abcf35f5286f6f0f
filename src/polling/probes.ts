import type { Probe } from '../engine/contracts.ts'

/** Fails if one fails; the message then has the failures only. */
export function combined(found: readonly Probe[]): Probe {
  const wrong = found.filter(({ is }) => is === 'fail')
  const uncertain = found.some(({ is }) => is === 'warn')
  return {
    is: wrong.length > 0 ? 'fail' : uncertain ? 'warn' : 'ok',
    message: (wrong.length > 0 ? wrong : found).map(({ message }) => message).join('; '),
  }
}
