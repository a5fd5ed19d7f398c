/** Beyond it answers of one member say nothing new (More Agents, arXiv 2402.05120: flat after about ten). */
export const MOST_SAMPLES = 20;
