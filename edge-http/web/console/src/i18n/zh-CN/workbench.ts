/** The desk of agents. */
export default {}
