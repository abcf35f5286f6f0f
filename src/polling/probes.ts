import type { Probe } from '../engine/contracts.ts'

/** Fails if one fails; the message then has the failures only. */
export function combined(probes: readonly Probe[]): Probe {
  const wrong = probes.filter(({ is }) => is === 'fail')
  const uncertain = probes.some(({ is }) => is === 'warn')
  return {
    is: wrong.length > 0 ? 'fail' : uncertain ? 'warn' : 'ok',
    message: (wrong.length > 0 ? wrong : probes).map(({ message }) => message).join('; '),
  }
}
