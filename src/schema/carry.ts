import { Secret } from './secret.ts'

/** Settings for another thread. Their secrets are revealed and must not be printed. Throws as `reveal` does. */
export function carriedSettings(settings: unknown, reveal: (secret: Secret) => string): unknown {
  if (settings instanceof Secret)
    return { [mark]: reveal(settings), ...(settings.source === 'file' ? { file: settings.toString() } : {}) }
  if (Array.isArray(settings)) return settings.map((setting) => carriedSettings(setting, reveal))
  return isPlain(settings) ? mapped(settings, (value) => carriedSettings(value, reveal)) : settings
}

/** Settings from {@link carriedSettings}. Secrets in files stay references and are read at each use. */
export function arrivedSettings(carried: unknown): unknown {
  if (Array.isArray(carried)) return carried.map(arrivedSettings)
  if (!isPlain(carried)) return carried
  const { [mark]: value, file } = carried
  if (typeof value !== 'string') return mapped(carried, arrivedSettings)
  return typeof file === 'string' ? Secret.parse(file) : Secret.of(value)
}

/** Names of settings have no colon. */
const mark = 'secret:'

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

function mapped(object: Readonly<Record<string, unknown>>, map: (value: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, map(value)]))
}
