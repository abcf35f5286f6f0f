export function sourcesState(root: string): string
export function stateFile(root: string): string
export function bundleIsCurrent(root: string): boolean
