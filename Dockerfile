# An image for a JupyterHub, one container for each student:
#
#     make student
#     docker build -f Dockerfile -t course dist/mytorch-student-*
#
# `docker build -t course .` makes the same with solutions. The hub's version goes into
# --build-arg JUPYTERHUB=...; alone: docker run -p 8888:8888 course jupyter lab --ip=0.0.0.0
FROM docker.io/library/python:3.12-slim
ARG JUPYTERHUB=6.1.1

RUN useradd --create-home --uid 1000 jovyan
WORKDIR /opt/course
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY mytorch_core mytorch_core
COPY data data
COPY notebooks notebooks
RUN pip install --no-cache-dir -c constraints.txt . jupyterhub==${JUPYTERHUB}

USER jovyan
WORKDIR /home/jovyan
EXPOSE 8888

# A hub lays the student's own folder over the home of the image. Chapters that are missing there
# are copied into it; one that is there already is never written over.
ENTRYPOINT ["sh", "-c", "mkdir -p \"$HOME/course\"; cp -n /opt/course/notebooks/*.ipynb /opt/course/notebooks/*.md \"$HOME/course\"; exec \"$@\"", "start"]
CMD ["jupyterhub-singleuser", "--ip=0.0.0.0"]
