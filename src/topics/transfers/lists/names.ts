/** Separate, so that the configuration knows the names without the prices. */
export const listNames = ['aws', 'digitalocean', 'exoscale', 'otc'] as const
