import { Body, Controller, Delete, Get, Headers, HttpCode, Inject, Param, Put, Query } from '@nestjs/common';
import { parseRequest, Roles } from '@onceline/service-kit';
import {
  agentBodySchema,
  agentParamsSchema,
  agentRemovalSchema,
  agentsQuerySchema,
  type AgentEntry,
  type AgentsPage,
} from './agent-schemas.js';
import { AgentsApi } from './agents-api.js';

/** Who works on tickets, and how much of it. */
@Controller('v1/agents')
@Roles('viewer')
export class AgentsController {
  constructor(@Inject(AgentsApi) private readonly agents: AgentsApi) {}

  @Get()
  list(@Query() query: unknown): Promise<AgentsPage> {
    return this.agents.list(parseRequest(agentsQuerySchema, 'query', query));
  }

  @Get(':name')
  read(@Param() params: unknown): Promise<AgentEntry> {
    return this.agents.read(parseRequest(agentParamsSchema, 'params', params).name);
  }

  @Put(':name')
  @Roles('admin')
  write(
    @Param() params: unknown,
    @Body() body: unknown,
    @Headers('authorization') authorization: string | undefined,
  ): Promise<AgentEntry> {
    const { name } = parseRequest(agentParamsSchema, 'params', params);
    return this.agents.write({ name, ...parseRequest(agentBodySchema, 'body', body) }, authorization);
  }

  @Delete(':name')
  @Roles('admin')
  @HttpCode(204)
  remove(
    @Param() params: unknown,
    @Query() query: unknown,
    @Headers('authorization') authorization: string | undefined,
  ): Promise<void> {
    const { name } = parseRequest(agentParamsSchema, 'params', params);
    const { tickets } = parseRequest(agentRemovalSchema, 'query', query);
    return this.agents.remove(name, { handsBack: tickets === 'hand-back', authorization });
  }
}
