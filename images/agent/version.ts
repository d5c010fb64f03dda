/** What the agent calls itself in its claim. Raised with every change of what it does. */
export const AGENT_VERSION = '0.1.0';
