/** In place of an unknown value. */
export const dash: React.ReactElement = <span className="dim">–</span>
