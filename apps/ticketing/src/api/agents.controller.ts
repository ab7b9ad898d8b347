import { Body, Controller, Get, Headers, Inject, Param, Put } from '@nestjs/common';
import { parseRequest, Problem, Roles } from '@onceline/service-kit';
import { agentBodySchema, agentParamsSchema, type AgentEntry } from './agent-schemas.js';
import { AgentsApi } from './agents-api.js';

/** Who works on tickets, and how much of it. */
@Controller('v1/agents/:name')
@Roles('viewer')
export class AgentsController {
  constructor(@Inject(AgentsApi) private readonly agents: AgentsApi) {}

  @Get()
  async read(@Param() params: unknown): Promise<AgentEntry> {
    const { name } = parseRequest(agentParamsSchema, 'params', params);
    const agent = await this.agents.read(name);
    if (agent) return agent;
    throw new Problem(404, {
      title: 'Not Found',
      detail: 'No agent of this name is registered.',
      field: 'params.name',
      fix: 'Register him: PUT /v1/agents/{name}.',
    });
  }

  @Put()
  @Roles('admin')
  write(
    @Param() params: unknown,
    @Body() body: unknown,
    @Headers('authorization') authorization: string | undefined,
  ): Promise<AgentEntry> {
    const { name } = parseRequest(agentParamsSchema, 'params', params);
    return this.agents.write({ name, ...parseRequest(agentBodySchema, 'body', body) }, authorization);
  }
}
